// The tables of kinds: which "type" of a component is read by which function.
#pragma once

#include "runtime/base/Status.h"
#include "runtime/text/JsonFields.h"

#include <string>
#include <string_view>

namespace tenon::text {

template <typename Parsed> struct Kind {
  std::string_view type;
  Parsed (*parse)(const JsonValue &);
};

// Reads `node` by the row of `kinds` that its "type" names. `what` is the component, for messages.
template <typename Parsed, size_t count>
Parsed parseKind(const JsonValue &node, std::string_view what, const Kind<Parsed> (&kinds)[count]) {
  TENON_ASSIGN(std::string_view type, stringAt(node, "type"));
  std::string known;
  for (const Kind<Parsed> &kind : kinds) {
    if (kind.type == type)
      return kind.parse(node);
    known += known.empty() ? "" : ", ";
    known += kind.type;
  }
  return node.error(std::string(what) + " kind " + quoteForMessage(type) + " is not supported; supported are " + known,
                    Code::Unsupported);
}

} // namespace tenon::text
