// Whether bytes are text.
#pragma once

#include <string_view>

namespace tenon {

// Valid UTF-8: no overlong forms, no surrogates, nothing beyond U+10FFFF.
[[nodiscard]] bool isUtf8(std::string_view bytes);

} // namespace tenon
