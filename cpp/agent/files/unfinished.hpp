#pragma once

namespace boxlite {

// The file beside its target that a worker writes: it is removed when the worker is told to end before it is done.
class Unfinished {
public:
    // The name in the directory is ours from now on, whether or not it is there yet.
    static void keep(int directory, const char *name);
    static void done();
    // The handler of SIGTERM.
    static void end_early(int signal);
};

} // namespace boxlite
