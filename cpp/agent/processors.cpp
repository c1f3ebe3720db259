#include "processors.hpp"
#include "../common/io.hpp"
#include <cerrno>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace boxlite {
namespace {

const std::string processors = "/sys/devices/system/cpu/";
constexpr const char *first_quota = "/sys/fs/cgroup/first-quota";
constexpr std::size_t longest_list = 4096;

// The first cgroup with a share of the processors makes the kernel rewrite its scheduler: this one, that nobody is in,
// while only one processor runs.
Status set_first_quota() {
    if (::mkdir(first_quota, 0755) != 0 && errno != EEXIST)
        return failure_from_errno(std::string("make ") + first_quota, errno);
    return write_setting(first_quota + std::string("/cpu.max"), "100000 100000");
}

} // namespace

Status start_processors() {
    const auto waiting = read_file(processors + "offline", longest_list);
    if (!waiting || waiting.value().size() <= 1) return success();
    if (Status s = set_first_quota(); !s) return s;
    // The first one has no such file, and always runs.
    for (int number = 1;; ++number) {
        const std::string path = processors + "cpu" + std::to_string(number) + "/online";
        if (::access(path.c_str(), F_OK) != 0) return success();
        if (Status s = write_setting(path, "1"); !s) return s;
    }
}

} // namespace boxlite
