#pragma once
#include "call.hpp"

namespace boxlite {

// `open` with op metrics: what the guest uses now.
Result<std::unique_ptr<Call>> open_metrics(const Services &services, std::uint32_t stream, const Json &request);

struct NetworkUse {
    std::int64_t in_bytes = 0;
    std::int64_t out_bytes = 0;
};
// From /proc/meminfo: all but what is available.
std::int64_t used_memory(std::string_view meminfo);
// From /proc/net/dev: of every interface but lo.
NetworkUse network_use(std::string_view dev);

} // namespace boxlite
