#include "daemon/relay/conversion.hpp"

#include "core/base/text.hpp"

namespace obliv::relay {
namespace {

constexpr std::size_t dropped_bytes_max = 1024;

Error refusal_of(const std::vector<wire::Loss>& losses, std::string_view wire) {
    std::string said;
    for (const auto& loss : losses)
        said += (said.empty() ? "" : "; ") + ("'" + loss.field + "' (" + loss.why + ")");
    auto error = fail(Code::invalid_request, "what this request asks for cannot be said in the " +
                                                 std::string(wire) +
                                                 " format that the model is reached by: " + said);
    error.param = losses.front().field;
    error.hint = "leave it out, or let the channel do so: obliv channel set NAME --losses drop";
    return error;
}

}  // namespace

Result<void> Conversion::read() {
    if (request_)
        return ok();
    if (!refused_) {
        auto request = read_request(inbound_, body_, headers_);
        if (!request)
            refused_ = request.error();
        else
            request_ = std::move(*request);
    }
    return refused_ ? Result<void>(*refused_) : ok();
}

Result<void> Conversion::write(const wire::Wire& wire, const wire::Dialect& dialect,
                               std::string_view upstream_model, bool lossy) {
    if (auto understood = read(); !understood)
        return understood;
    request_->model = std::string(upstream_model);
    request_->usage_in_stream = true;  // we bill by it; the client's own wish is kept elsewhere
    auto written = wire.write_request(*request_, dialect);
    if (!written)
        return written.error();
    if (!lossy && !written->losses.empty())
        return refusal_of(written->losses, wire.name);
    written_ = std::move(*written);
    return ok();
}

std::string Conversion::dropped() const {
    std::string out;
    for (const auto& loss : written_.losses)
        if (out.size() + loss.field.size() < dropped_bytes_max)
            out += (out.empty() ? "" : ", ") + loss.field;
    for (auto& c : out)
        if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e)
            c = '?';  // a header takes no more than ASCII, and names come from callers
    return out;
}

}  // namespace obliv::relay
