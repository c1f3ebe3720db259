#pragma once
#include "../common/result.hpp"
#include "krun_api.hpp"
#include "settings.hpp"
#include "small_root.hpp"
#include <cstdint>

namespace boxlite {

// Whether /dev/kvm opens and speaks KVM's API; libkrun aborts where it does not. 'no-hypervisor' says why.
Status check_kvm();

// Describes the machine to libkrun: a kernel that starts /agent from vda, block devices, one vsock port, a text
// console.
Result<std::uint32_t> describe_machine(const KrunApi &krun, const VmmSettings &settings,
                                       const MachinePaths &paths);

} // namespace boxlite
