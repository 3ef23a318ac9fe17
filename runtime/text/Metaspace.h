// The parameters that the Metaspace pre-tokenizer and the Metaspace decoder share.
#pragma once

#include "runtime/base/Status.h"
#include "runtime/text/Json.h"

#include <string>

namespace tenon::text {

enum class PrependScheme { Always, First, Never };

struct MetaspaceOptions {
  std::string replacement; // one character
  PrependScheme scheme = PrependScheme::Always;
  bool split = true;

  static Result<MetaspaceOptions> parse(const JsonNode &node);
};

// A member that is a string of exactly one character.
Result<std::string> parseCharacter(const JsonNode &node, std::string_view key);

} // namespace tenon::text
