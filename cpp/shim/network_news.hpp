#pragma once
#include "broker.hpp"
#include "denials.hpp"

namespace boxlite {

// What the box's network tells: to every client at once, and to one of those that keep it, who writes it down as an
// event. While there is none, it waits for the next one.
class NetworkNews {
public:
    explicit NetworkNews(Broker &broker) : broker_(broker) {}

    void denied(std::uint64_t number, std::string_view json);
    // The network's process ended for good.
    void lost();
    // Empty for one that is not kept any more.
    std::string denial(std::uint64_t number) const { return denials_.find(number); }

    // The client keeps what is told from now on, and what nobody has until now.
    void add_keeper(ClientId client);
    void client_is_gone(ClientId client) { std::erase(keepers_, client); }
    // What nobody keeps, as a JSON array of notices.
    std::string unkept() const;

private:
    std::vector<std::string> unkept_notices() const;
    void tell(const std::string &notice);

    Broker &broker_;
    Denials denials_;
    bool lost_ = false;
    bool lost_is_kept_ = false;
    std::vector<ClientId> keepers_;
};

} // namespace boxlite
