#pragma once
#include <string>

namespace boxlite::binding {

struct KvmVerdict {
    bool ok;
    std::string detail;
};

// Runs long-mode guest code on a throwaway VM; blocks for 3 s at most.
KvmVerdict run_kvm_probe();

} // namespace boxlite::binding
