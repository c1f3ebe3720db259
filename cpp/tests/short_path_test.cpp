#include "shim/short_path.hpp"
#include "temporary_directory.hpp"
#include <filesystem>
#include <gtest/gtest.h>

namespace boxlite {
namespace {

namespace fs = std::filesystem;

class ShortPath : public testing::Test {
protected:
    ShortPath() {
        settings_.directory = root_ / "box";
        settings_.box_socket = link() + "/box.sock";
        fs::create_directories(root_ / "box/sockets");
        fs::create_directories(root_ / "other");
    }
    std::string link() const { return root_ / "link"; }
    bool is_there() const { return fs::exists(fs::symlink_status(link())); }

    const TemporaryDirectory root_;
    ShimSettings settings_{};
};

TEST_F(ShortPath, WithoutALinkThereIsNothingToDo) {
    remove_short_path(settings_);
    EXPECT_FALSE(is_there());
}

TEST_F(ShortPath, ALinkToTheBoxGoesWhateverWayItTakes) {
    fs::create_directory_symlink(root_ / "other/../box/sockets", link());
    remove_short_path(settings_);
    EXPECT_FALSE(is_there());
    EXPECT_TRUE(fs::exists(root_ / "box/sockets"));
}

TEST_F(ShortPath, ALinkThatLeadsElsewhereStays) {
    fs::create_directory_symlink(root_ / "other", link());
    remove_short_path(settings_);
    EXPECT_TRUE(is_there());
}

TEST_F(ShortPath, WhatIsNoLinkStays) {
    fs::create_directories(link());
    remove_short_path(settings_);
    EXPECT_TRUE(is_there());
}

} // namespace
} // namespace boxlite
