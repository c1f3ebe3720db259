#include "operations.hpp"
#include "attachment.hpp"
#include "command.hpp"
#include "files/file_call.hpp"
#include "metrics.hpp"
#include "port_wait.hpp"
#include "processes.hpp"

namespace boxlite {
namespace {

struct Operation {
    std::string_view op;
    Open open;
};

constexpr Operation operations[] = {
    {"attach", open_attachment},
    {"exec", open_command},
    {"metrics", open_metrics},
    {"processes", open_processes},
    {"wait-port", open_port_wait},
};

} // namespace

Open find_operation(std::string_view op) {
    if (op.starts_with("fs.")) return FileCall::open;
    for (const auto &operation : operations) {
        if (operation.op == op) return operation.open;
    }
    return nullptr;
}

} // namespace boxlite
