#pragma once
#include "../../common/result.hpp"
#include <string_view>

namespace boxlite {

// "Cannot read "/a/b": No such file or directory", with the code that the errno means to a caller of box.fs.
Failure file_failure(std::string_view verb, std::string_view path, int error);

} // namespace boxlite
