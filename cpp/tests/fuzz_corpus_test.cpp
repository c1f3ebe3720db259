#include "common/io.hpp"
#include "fuzz/harness.hpp"
#include <filesystem>
#include <gtest/gtest.h>
#include <random>

namespace boxlite {
namespace {

void feed_corpus(const char *name, void (*fuzz)(Bytes)) {
    std::size_t files = 0;
    std::mt19937 random(1);
    for (const auto &entry : std::filesystem::directory_iterator(std::string(CORPUS) + "/" + name)) {
        auto text = read_file(entry.path().string(), 1u << 20);
        ASSERT_TRUE(text) << entry.path();
        ++files;
        std::string &bytes = text.value();
        fuzz({reinterpret_cast<const std::uint8_t *>(bytes.data()), bytes.size()});
        // And what is near it.
        for (int change = 0; change < 200 && !bytes.empty(); ++change) {
            bytes[random() % bytes.size()] = static_cast<char>(random());
            fuzz({reinterpret_cast<const std::uint8_t *>(bytes.data()), bytes.size()});
        }
    }
    EXPECT_GE(files, 8u);
}

TEST(FuzzCorpus, TheAgentTakesAnyOfItAndWhatIsNearIt) {
    feed_corpus("agent", fuzz_agent);
}

TEST(FuzzCorpus, TheShimTakesAnyOfItAndWhatIsNearIt) {
    feed_corpus("shim", fuzz_shim);
}

} // namespace
} // namespace boxlite
