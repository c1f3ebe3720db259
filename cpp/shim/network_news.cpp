#include "network_news.hpp"
#include "../common/json.hpp"
#include <algorithm>
#include <utility>

namespace boxlite {
namespace {

std::string denied_notice(std::string_view denied, std::uint64_t missed) {
    JsonWriter notice;
    notice.member("type", "denied").raw("denied", denied);
    // Before this one.
    if (missed > 0) notice.member("missed", missed);
    return notice.text();
}

constexpr const char *lost_notice = R"({"type":"lost"})";

std::string to_be_kept(std::string notice) {
    notice.pop_back();
    return notice + ",\"keep\":true}";
}

} // namespace

void NetworkNews::denied(std::uint64_t number, std::string_view json) {
    denials_.add(number, std::string(json));
    tell(denied_notice(json, 0));
    if (!keepers_.empty()) denials_.heard();
}

void NetworkNews::lost() {
    lost_ = true;
    lost_is_kept_ = !keepers_.empty();
    tell(lost_notice);
}

void NetworkNews::tell(const std::string &notice) {
    const auto keeper = keepers_.empty() ? std::nullopt : std::optional(keepers_.front());
    broker_.tell_clients(Kind::notice, notice, keeper);
    if (keeper) broker_.tell_client(*keeper, Kind::notice, to_be_kept(notice));
}

void NetworkNews::add_keeper(ClientId client) {
    if (std::find(keepers_.begin(), keepers_.end(), client) != keepers_.end()) return;
    keepers_.push_back(client);
    for (const std::string &notice : unkept_notices())
        broker_.tell_client(client, Kind::notice, to_be_kept(notice));
    denials_.heard();
    lost_is_kept_ = lost_;
}

std::vector<std::string> NetworkNews::unkept_notices() const {
    std::vector<std::string> notices;
    auto [kept, missed] = denials_.unheard();
    for (const std::string &denied : kept)
        notices.push_back(denied_notice(denied, std::exchange(missed, 0)));
    if (lost_ && !lost_is_kept_) notices.push_back(lost_notice);
    return notices;
}

std::string NetworkNews::unkept() const {
    std::string array;
    for (const std::string &notice : unkept_notices())
        array += (array.empty() ? "" : ",") + notice;
    return "[" + array + "]";
}

} // namespace boxlite
