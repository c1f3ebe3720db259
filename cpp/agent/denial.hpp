#pragma once
#include "launch_plan.hpp"

namespace boxlite {

// Whether the path leads to something, as far as this process may see.
bool exists(const char *file);

// After a failed execve: completes `report` with what is wrong with the file. Safe in a child that shares our memory.
void explain_denial(const char *file, LaunchReport &report);

// The interpreter that the first bytes of a program name: of its #! line, or of its ELF header. Empty when there is
// none.
std::string_view find_interpreter(std::string_view head);

} // namespace boxlite
