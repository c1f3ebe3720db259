#pragma once
#include "file_input.hpp"
#include "file_operations.hpp"

namespace boxlite {

// The descriptors of a worker's process before it takes its own.
struct WorkerPlan {
    int mount_namespace = -1;
    int null = -1;
    int out = -1;
    int word = -1;
    // Of an operation that has one.
    const FileInput *input = nullptr;
};

// A worker's whole life, in a process just forked: enters the box, becomes the user, does the work, says how it went.
[[noreturn]] void run_file_worker(const FileRequest &request, FileOperation operation, const WorkerPlan &plan);

} // namespace boxlite
