// The parameters that the Metaspace pre-tokenizer and the Metaspace decoder share.
#pragma once

#include "runtime/base/Json.h"
#include "runtime/base/Status.h"

#include <string>

namespace tenon::text {

enum class PrependScheme { Always, First, Never };

struct MetaspaceOptions {
  std::string replacement; // one character
  PrependScheme scheme = PrependScheme::Always;
  bool split = true;

  static Result<MetaspaceOptions> parse(const JsonValue &node);
};

// A member that is a string of exactly one character.
Result<std::string> parseCharacter(const JsonValue &node, std::string_view key);

} // namespace tenon::text
