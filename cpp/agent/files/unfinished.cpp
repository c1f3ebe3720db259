#include "unfinished.hpp"
#include <atomic>
#include <cstring>
#include <unistd.h>

namespace boxlite {
namespace {

// One thread, one file at a time; a handler may look at any moment.
char unfinished_name[256];
std::atomic<int> unfinished_directory{-1};

} // namespace

void Unfinished::keep(int directory, const char *name) {
    std::strncpy(unfinished_name, name, sizeof unfinished_name - 1);
    unfinished_directory.store(directory);
}

void Unfinished::done() {
    unfinished_directory.store(-1);
}

void Unfinished::end_early(int signal) {
    const int directory = unfinished_directory.load();
    if (directory >= 0) ::unlinkat(directory, unfinished_name, 0);
    ::_exit(128 + signal);
}

} // namespace boxlite
