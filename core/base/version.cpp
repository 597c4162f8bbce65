#include "core/base/version.hpp"

namespace obliv {

const std::string_view version = OBLIV_VERSION;

}  // namespace obliv
