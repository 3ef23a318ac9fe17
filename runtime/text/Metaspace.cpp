#include "runtime/text/Metaspace.h"

#include "runtime/text/JsonFields.h"
#include "runtime/text/Unicode.h"

namespace tenon::text {

Result<std::string> parseCharacter(const JsonValue &node, std::string_view key) {
  TENON_ASSIGN(JsonValue value, node.member(key));
  TENON_ASSIGN(std::string_view text, value.string());
  if (text.empty() || utf8Length(text[0]) != text.size())
    return value.mismatch("one character");
  return std::string(text);
}

Result<MetaspaceOptions> MetaspaceOptions::parse(const JsonValue &node) {
  MetaspaceOptions options;
  TENON_ASSIGN(options.replacement, parseCharacter(node, "replacement"));
  TENON_ASSIGN(options.split, booleanOr(node, "split", true));
  // add_prefix_space is how files before prepend_scheme said "always" or "never".
  TENON_ASSIGN(bool addPrefixSpace, booleanOr(node, "add_prefix_space", true));
  options.scheme = addPrefixSpace ? PrependScheme::Always : PrependScheme::Never;
  if (std::optional<JsonValue> scheme = present(node, "prepend_scheme")) {
    TENON_ASSIGN(std::string_view name, scheme->string());
    if (name == "always")
      options.scheme = PrependScheme::Always;
    else if (name == "first")
      options.scheme = PrependScheme::First;
    else if (name == "never")
      options.scheme = PrependScheme::Never;
    else
      return invalidAt(*scheme, "\"always\", \"first\" or \"never\"", quoteForMessage(name));
    if (!addPrefixSpace && options.scheme != PrependScheme::Never)
      return invalidAt(*scheme, "\"never\", because add_prefix_space is false", quoteForMessage(name));
  }
  return options;
}

} // namespace tenon::text
