#include "../common/io.hpp"
#include "../common/log.hpp"
#include "answer.hpp"
#include "event_loop.hpp"
#include "exit_record.hpp"
#include "hygiene.hpp"
#include "lock.hpp"
#include "pid_file.hpp"
#include "settings.hpp"
#include "short_path.hpp"
#include "supervise.hpp"

// boxlite-shim <box id>: owns one run of a box, from its lock to its exit record.
namespace {

using namespace boxlite;

int refuse(Answer &answer, const Failure &failure, const std::string &console_tail = "") {
    log_line("%s: %s", failure.code.c_str(), failure.message.c_str());
    answer.error(failure, console_tail);
    return 1;
}

Status bring_up(Supervisor &supervisor, const Inherited &inherited, const std::vector<Fd> &disks, double began_ms) {
    if (Status s = supervisor.attend(inherited.lifeline); !s) return s;
    if (Status s = supervisor.boot(disks, began_ms); !s) return s;
    return supervisor.open_to_clients();
}

} // namespace

int main(int argc, char **argv) {
    log_begin("shim");
    const double began_ms = now_ms();
    const Status settled = settle_process();
    const auto settings = read_settings(argc, argv);
    auto inherited = keep_inherited(settings && settings.value().lifeline);
    if (!inherited) return 1;
    Answer answer(std::move(inherited.value().answer));
    if (!settled) return refuse(answer, settled.failure());
    if (!settings) return refuse(answer, settings.failure());

    auto lock = lock_box(settings.value().directory);
    if (!lock) return refuse(answer, lock.failure());
    clear_exit_record(settings.value().directory);
    const auto disks = open_disks(settings.value().disks);
    if (!disks) return refuse(answer, disks.failure());
    auto loop = EventLoop::create();
    if (!loop) return refuse(answer, loop.failure());
    if (Status s = write_pid_file(settings.value(), argv[0]); !s) return refuse(answer, s.failure());

    Supervisor supervisor(loop.value(), settings.value());
    const Status up = bring_up(supervisor, inherited.value(), disks.value(), began_ms);
    if (up) {
        // A reader that is gone makes no difference: its lifeline, if it had one, says the same.
        answer.ready(::getpid(), supervisor.machine_pid(), supervisor.times(), supervisor.ports());
        supervisor.run();
    } else {
        supervisor.abandon();
    }
    // In this order: a client whose connection ends finds the record.
    supervisor.record_exit();
    supervisor.let_go();
    remove_pid_file(settings.value());
    remove_short_path(settings.value());
    // Free before the answer, since its reader may try again at once.
    lock.value().reset();
    return up ? 0 : refuse(answer, up.failure(), supervisor.console_tail());
}
