#pragma once
#include <string>

namespace boxlite {

// Removes a directory with all that is in it, following no link. An errno, 0 for success; `at` is where it failed.
int remove_tree(int directory, const std::string &name, std::string &at);

} // namespace boxlite
