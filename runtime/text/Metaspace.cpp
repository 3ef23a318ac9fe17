#include "runtime/text/Metaspace.h"

#include "runtime/text/Unicode.h"

namespace tenon::text {

Result<std::string> parseCharacter(const JsonNode &node, std::string_view key) {
  TENON_ASSIGN(JsonNode value, node.member(key));
  TENON_ASSIGN(std::string_view text, value.asString());
  if (text.empty() || utf8Length(text[0]) != text.size())
    return value.invalid("one character", value.describe());
  return std::string(text);
}

Result<MetaspaceOptions> MetaspaceOptions::parse(const JsonNode &node) {
  MetaspaceOptions options;
  TENON_ASSIGN(options.replacement, parseCharacter(node, "replacement"));
  TENON_ASSIGN(options.split, node.boolOr("split", true));
  // add_prefix_space is how files before prepend_scheme said "always" or "never".
  TENON_ASSIGN(bool addPrefixSpace, node.boolOr("add_prefix_space", true));
  options.scheme = addPrefixSpace ? PrependScheme::Always : PrependScheme::Never;
  if (std::optional<JsonNode> scheme = node.find("prepend_scheme")) {
    TENON_ASSIGN(std::string_view name, scheme->asString());
    if (name == "always")
      options.scheme = PrependScheme::Always;
    else if (name == "first")
      options.scheme = PrependScheme::First;
    else if (name == "never")
      options.scheme = PrependScheme::Never;
    else
      return scheme->invalid("\"always\", \"first\" or \"never\"", inQuotes(name));
    if (!addPrefixSpace && options.scheme != PrependScheme::Never)
      return scheme->invalid("\"never\", because add_prefix_space is false", inQuotes(name));
  }
  return options;
}

} // namespace tenon::text
