#pragma once
#include "file_request.hpp"
#include "shared_ring.hpp"
#include <string_view>

namespace boxlite {

// What a file operation works with, besides the file system: it runs in a process of its own, as the user, and may
// block.
struct WorkerStreams {
    // Of those that take input.
    RingReader *in = nullptr;
    int out = 1;
    int word = 2;
};

// Returns the JSON of the call's exit.
using FileOperation = Result<std::string> (*)(const FileRequest &request, const WorkerStreams &streams);
// Null for a name that this agent does not have.
FileOperation find_file_operation(std::string_view op);

Result<std::string> stat_file(const FileRequest &request, const WorkerStreams &streams);
Result<std::string> read_file_range(const FileRequest &request, const WorkerStreams &streams);
Result<std::string> write_whole_file(const FileRequest &request, const WorkerStreams &streams);
Result<std::string> list_directory(const FileRequest &request, const WorkerStreams &streams);
Result<std::string> make_directory(const FileRequest &request, const WorkerStreams &streams);
Result<std::string> rename_file(const FileRequest &request, const WorkerStreams &streams);
Result<std::string> remove_file(const FileRequest &request, const WorkerStreams &streams);
Result<std::string> watch_files(const FileRequest &request, const WorkerStreams &streams);
Result<std::string> pack_tree(const FileRequest &request, const WorkerStreams &streams);
Result<std::string> unpack_tree(const FileRequest &request, const WorkerStreams &streams);

// One word of the worker to the agent: 'S' started, 'X' exit, 'E' error, each with its JSON.
void say_word(const WorkerStreams &streams, char kind, std::string_view json);

} // namespace boxlite
