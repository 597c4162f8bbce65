#pragma once

#include "core/base/error.hpp"
#include "daemon/relay/inbound.hpp"

#include <string>
#include <string_view>

namespace obliv::relay {

/// An event that says nothing, for a stream of this format; empty: its clients would not bear one.
std::string_view beat_of(const wire::Wire& wire) noexcept;

/// What ends a stream that has said nothing but heartbeats.
std::string error_event(const Inbound& inbound, const Error& error, std::string_view request_id);

}  // namespace obliv::relay
