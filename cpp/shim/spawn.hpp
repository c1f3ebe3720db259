#pragma once
#include "../common/fd.hpp"
#include "../common/result.hpp"
#include <string>
#include <sys/types.h>
#include <vector>

namespace boxlite {

struct Child {
    pid_t pid;
    Fd pidfd;
    // False when it has ended.
    bool signal(int number) const;
};

struct Program {
    std::string path;
    std::vector<std::string> argv;
    // The child's descriptor i; no others are passed on.
    std::vector<int> fds;
    bool keeps_capabilities;
};

// Starts a program with an empty environment that dies with this process. A program that is missing or may not be run
// is 'native-missing'.
Result<Child> spawn(const Program &program);

} // namespace boxlite
