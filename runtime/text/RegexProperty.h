// Unicode property names as Oniguruma knows them, in PCRE2's words. See RegexSyntax.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tenon::text {

// What stands between PCRE2's brackets for \p{name}, within a bracketed class or by itself; nothing when the name is
// not known.
std::optional<std::string> propertyMembers(std::string_view name, bool inClass);
// The same for \w.
std::string wordMembers(bool inClass);
// The same for [[:name:]].
std::optional<std::string> posixMembers(std::string_view name);

} // namespace tenon::text
