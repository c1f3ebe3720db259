#include "file_operations.hpp"
#include "../../common/io.hpp"

namespace boxlite {
namespace {

struct Named {
    std::string_view op;
    FileOperation run;
};

constexpr Named operations[] = {
    {"fs.stat", stat_file},
    {"fs.read", read_file_range},
    {"fs.write", write_whole_file},
    {"fs.list", list_directory},
    {"fs.mkdir", make_directory},
    {"fs.rename", rename_file},
    {"fs.remove", remove_file},
    {"fs.watch", watch_files},
    {"fs.pack", pack_tree},
    {"fs.unpack", unpack_tree},
};

} // namespace

FileOperation find_file_operation(std::string_view op) {
    for (const auto &operation : operations) {
        if (operation.op == op) return operation.run;
    }
    return nullptr;
}

void say_word(const WorkerStreams &streams, char kind, std::string_view json) {
    // JSON as we write it has no newline in it.
    std::string line(1, kind);
    line.append(json).push_back('\n');
    [[maybe_unused]] const Status said = write_all(streams.word, line);
}

} // namespace boxlite
