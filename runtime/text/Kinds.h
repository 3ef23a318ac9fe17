// The tables of kinds: which "type" of a component is read by which function.
#pragma once

#include "runtime/base/Status.h"
#include "runtime/text/Json.h"

#include <string>
#include <string_view>

namespace tenon::text {

template <typename Parsed> struct Kind {
  std::string_view type;
  Parsed (*parse)(const JsonNode &);
};

// Reads `node` by the row of `kinds` that its "type" names. `what` is the component, for messages.
template <typename Parsed, size_t count>
Parsed parseKind(const JsonNode &node, std::string_view what, const Kind<Parsed> (&kinds)[count]) {
  TENON_ASSIGN(std::string_view type, node.string("type"));
  std::string known;
  for (const Kind<Parsed> &kind : kinds) {
    if (kind.type == type)
      return kind.parse(node);
    known += known.empty() ? "" : ", ";
    known += kind.type;
  }
  return node.unsupported(std::string(what) + " kind " + inQuotes(type) + " is not supported; supported are " + known);
}

} // namespace tenon::text
