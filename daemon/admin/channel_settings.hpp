#pragma once

#include "core/api/body.hpp"
#include "core/storage/channels.hpp"

namespace obliv::admin {

/// Takes the settings over that a body gives: a field that is null goes back to its default.
/// `invalid_request` names the field in `param`.
Result<void> apply_settings(const api::Body& body, storage::ChannelSettings& settings);

}  // namespace obliv::admin
