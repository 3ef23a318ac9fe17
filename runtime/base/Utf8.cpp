#include "runtime/base/Utf8.h"

#include <simdjson.h>

namespace tenon {

bool isUtf8(std::string_view bytes) { return simdjson::validate_utf8(bytes.data(), bytes.size()); }

} // namespace tenon
