#include "core/config/validate.hpp"

#include "core/base/time_format.hpp"

#include <algorithm>

namespace obliv::config {
namespace {

Place place_of(const Loaded& loaded, const std::string& name) {
    auto found = loaded.origins.find(name);
    return found == loaded.origins.end() ? Place{name, 0, 0} : found->second.place;
}

void total_covers_parts(const Loaded& loaded, std::vector<Problem>& problems) {
    const auto& upstream = loaded.config.upstream;
    struct Part {
        std::string_view key;
        milliseconds span;
    };
    for (const auto& part : {Part{"connect_timeout", upstream.connect_timeout},
                             Part{"first_byte_timeout", upstream.first_byte_timeout},
                             Part{"idle_timeout", upstream.idle_timeout}})
        if (part.span > upstream.total_timeout)
            problems.push_back({place_of(loaded, "upstream." + std::string(part.key)),
                                "upstream." + std::string(part.key) + " (" +
                                    duration_text(part.span) +
                                    ") is longer than upstream.total_timeout (" +
                                    duration_text(upstream.total_timeout) + ")"});
}

void listeners_differ(const Loaded& loaded, std::vector<Problem>& problems) {
    const auto& api = loaded.config.server.listen;
    for (const auto& endpoint : loaded.config.metrics.listen)
        if (endpoint.port != 0 && std::find(api.begin(), api.end(), endpoint) != api.end())
            problems.push_back({place_of(loaded, "metrics.listen"),
                                endpoint.text() + " is in server.listen already"});
}

void previous_key_differs(const Loaded& loaded, std::vector<Problem>& problems) {
    const auto& secrets = loaded.config.secrets;
    if (!secrets.previous_master_key.empty() && secrets.master_key == secrets.previous_master_key)
        problems.push_back({place_of(loaded, "secrets.previous_master_key"),
                            "the previous master key is the present one"});
}

/// Half of what a mail needs sends none.
void mail_is_whole(const Loaded& loaded, std::vector<Problem>& problems) {
    const auto& notices = loaded.config.notices;
    bool server = notices.smtp.starts_with("smtp://") || notices.smtp.starts_with("smtps://");
    if (!notices.smtp.empty() && !server)
        problems.push_back({place_of(loaded, "notices.smtp"),
                            "notices.smtp: expected smtp://host:port or smtps://host:port"});
    if (notices.smtp.empty())
        return;
    for (const auto* address : {&notices.mail_from, &notices.mail_to})
        if (address->find('@') == std::string::npos ||
            address->find_first_of("<>\"") != std::string::npos)
            problems.push_back({place_of(loaded, address == &notices.mail_from ? "notices.mail_from"
                                                                               : "notices.mail_to"),
                                "notices.smtp needs notices.mail_from and notices.mail_to: plain "
                                "addresses such as ops@example.org"});
}

bool is_time_of_day(std::string_view text) noexcept {
    auto digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '9'; };
    return text.size() == 5 && text[2] == ':' && digit(0) && digit(1) && digit(3) && digit(4) &&
           text.substr(0, 2) < "24" && text.substr(3) < "60";
}

void times_are_of_day(const Loaded& loaded, std::vector<Problem>& problems) {
    const auto& billing = loaded.config.billing;
    for (auto [name, text] : {std::pair("billing.verify_at", &billing.verify_at),
                              std::pair("billing.reconcile_at", &billing.reconcile_at)})
        if (!text->empty() && !is_time_of_day(*text))
            problems.push_back({place_of(loaded, name),
                                std::string(name) + ": expected a time of day such as 03:30"});
    if (!billing.reconcile_at.empty() && billing.reconcile_folder.empty())
        problems.push_back({place_of(loaded, "billing.reconcile_at"),
                            "billing.reconcile_at needs billing.reconcile_folder"});
}

}  // namespace

void validate(const Loaded& loaded, std::vector<Problem>& problems) {
    total_covers_parts(loaded, problems);
    listeners_differ(loaded, problems);
    previous_key_differs(loaded, problems);
    mail_is_whole(loaded, problems);
    times_are_of_day(loaded, problems);
}

}  // namespace obliv::config
