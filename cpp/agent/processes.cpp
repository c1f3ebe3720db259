#include "processes.hpp"
#include "answered_call.hpp"
#include "program.hpp"

namespace boxlite {

Result<std::unique_ptr<Call>> open_processes(const Services &services, std::uint32_t stream, const Json &) {
    std::vector<JsonWriter> processes;
    for (const auto &[id, program] : services.programs)
        processes.push_back(program->described());
    const std::string exit = JsonWriter().member("processes", processes).text();
    return std::unique_ptr<Call>(std::make_unique<AnsweredCall>(services, stream, exit));
}

} // namespace boxlite
