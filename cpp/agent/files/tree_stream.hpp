#pragma once
#include "shared_ring.hpp"
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <sys/stat.h>

// A tree of files as one stream: docs/protocol.md, "Trees".
namespace boxlite {

inline constexpr std::size_t tree_data_bytes = 128 * 1024;

struct TreeMeta {
    mode_t mode = 0;
    timespec mtime{};
};
TreeMeta meta_of(const struct stat &status);

class TreeWriter {
public:
    explicit TreeWriter(int out) : out_(out) {}

    void enter(std::string_view name, const TreeMeta &meta);
    void leave() { append('U', {}); }
    void file(std::string_view name, const TreeMeta &meta, std::uint64_t size);
    void data(std::uint64_t offset, std::string_view bytes);
    void end_file(std::uint64_t size);
    void link(std::string_view name, const TreeMeta &meta, std::string_view target);
    void hard_link(std::string_view name, std::string_view path);
    void finish();
    // False once nobody reads any more.
    bool open() const { return open_; }

private:
    void append(char kind, std::string_view payload);
    void flush();

    int out_;
    bool open_ = true;
    std::string held_;
};

struct TreeRecord {
    char kind = 0;
    std::string name;
    TreeMeta meta;
    // A file's size, or where data begins.
    std::uint64_t number = 0;
    // Data, the target of a link, or the path of the file that a hard link is another name of.
    std::string_view rest;
};

class TreeReader {
public:
    explicit TreeReader(RingReader &in) : in_(in) {}
    // The next record that says something, good until the one after. An errno: EPROTO for a stream that is none,
    // ECANCELED when SIGTERM came.
    int next(TreeRecord &record);

private:
    int read(TreeRecord &record);
    int wait_for(std::size_t bytes);
    int parse(char kind, std::string_view payload, TreeRecord &record);

    RingReader &in_;
    // What is there, from the record that is looked at on.
    std::string_view piece_;
    std::size_t record_bytes_ = 0;
};

// From now on SIGTERM is noticed by TreeReader alone, so that what was begun can be taken back.
void leave_end_to_reader();

} // namespace boxlite
