#include "daemon/watch/gap.hpp"

namespace obliv::watch {
namespace {

std::string text_of(const Count& count) {
    return std::to_string(count.calls) + " calls, " + count.billed.text() + " USD, " +
           std::to_string(count.units) + " units";
}

std::string words(const std::string& what, const Count& one, const std::string& beside,
                  const Count& other) {
    return what + " (" + text_of(one) + ") " + beside + " (" + text_of(other) + ")";
}

}  // namespace

bool Count::within(const Count& other) const noexcept {
    return calls <= other.calls && billed <= other.billed && units <= other.units;
}

std::string GapWatch::look() {
    // Against the stream: whoever is asked later may have counted more, never less.
    auto before = counting_.ended();
    auto stored = counting_.stored();
    exact_ = false;
    if (!stored)
        return {};
    auto written = counting_.written();
    auto ended = counting_.ended();
    auto last = last_.value_or(Look{});
    last_ = {ended, written};
    exact_ = *stored == written && written == ended;
    if (!stored->within(written))
        return words("more is stored", *stored, "than was written", written);
    if (!written.within(ended))
        return words("more was written", written, "than calls ended", ended);
    if (!last.ended.within(written))
        return words("calls that ended", last.ended, "are not all written", written);
    if (!last.written.within(*stored))
        return words("charges that were written", last.written, "are not all stored", *stored);
    bool quiet = before == ended && last.ended == ended;
    if (quiet && (written != ended || *stored != ended))
        return words("what ended", ended, "is not what is stored", *stored);
    return {};
}

}  // namespace obliv::watch
