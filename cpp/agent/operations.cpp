#include "operations.hpp"
#include "command.hpp"
#include "files/file_call.hpp"

namespace boxlite {
namespace {

struct Operation {
    std::string_view op;
    Open open;
};

constexpr Operation operations[] = {
    {"exec", open_command},
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
