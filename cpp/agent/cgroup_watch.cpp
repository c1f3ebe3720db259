#include "cgroup_watch.hpp"
#include "../common/io.hpp"
#include "cgroup.hpp"
#include <cerrno>
#include <cstring>
#include <sys/inotify.h>

namespace boxlite {

Result<CgroupWatch> CgroupWatch::create() {
    CgroupWatch watch;
    watch.fd_.reset(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!watch.fd_) return failure_from_errno("create an inotify descriptor", errno);
    return watch;
}

int CgroupWatch::add(const std::string &cgroup_id, bool &changed) {
    const int watch = ::inotify_add_watch(fd_.get(), cgroup_events_path(cgroup_id).c_str(), IN_MODIFY);
    if (watch >= 0) marks_[watch] = &changed;
    // What was before the watch is not told: look once.
    changed = true;
    return watch;
}

void CgroupWatch::forget(int watch) {
    if (watch < 0) return;
    marks_.erase(watch);
    ::inotify_rm_watch(fd_.get(), watch);
}

void CgroupWatch::read_news() {
    if (!news_) return;
    news_ = false;
    alignas(inotify_event) char buffer[4096];
    for (;;) {
        const ssize_t count = ::read(fd_.get(), buffer, sizeof buffer);
        if (count <= 0) return;
        for (const char *at = buffer; at < buffer + count;) {
            inotify_event event;
            std::memcpy(&event, at, sizeof event);
            at += sizeof event + event.len;
            if ((event.mask & IN_Q_OVERFLOW) != 0) {
                for (const auto &[watch, changed] : marks_)
                    *changed = true;
            } else if (const auto mark = marks_.find(event.wd); mark != marks_.end()) {
                *mark->second = true;
            }
        }
    }
}

} // namespace boxlite
