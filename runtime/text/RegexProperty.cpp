#include "runtime/text/RegexProperty.h"

#include <algorithm>
#include <array>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace tenon::text {

namespace {

struct Name {
  std::string_view name; // folded
  std::string_view members;
};

// POSIX brackets, which are property names too. Words hold the fractions and superscripts of Latin-1, as Oniguruma's
// table for that range has it.
constexpr Name posixNames[] = {
    {"alnum", "\\p{Alphabetic}\\p{Nd}"}, {"alpha", "\\p{Alphabetic}"}, {"ascii", "\\x{00}-\\x{7F}"},
    {"blank", "\\p{Zs}\\x{09}"},         {"cntrl", "\\p{Cc}"},         {"digit", "\\p{Nd}"},
    {"lower", "\\p{Lowercase}"},         {"punct", "\\p{P}\\p{S}"},    {"space", "\\p{White_Space}"},
    {"upper", "\\p{Uppercase}"},         {"xdigit", "0-9A-Fa-f"},      {"word", "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}"},
};

constexpr Name longCategories[] = {
    {"other", "C"},
    {"control", "Cc"},
    {"format", "Cf"},
    {"unassigned", "Cn"},
    {"privateuse", "Co"},
    {"surrogate", "Cs"},
    {"letter", "L"},
    {"casedletter", "L&"},
    {"lc", "L&"},
    {"lowercaseletter", "Ll"},
    {"modifierletter", "Lm"},
    {"otherletter", "Lo"},
    {"titlecaseletter", "Lt"},
    {"uppercaseletter", "Lu"},
    {"mark", "M"},
    {"combiningmark", "M"},
    {"spacingmark", "Mc"},
    {"enclosingmark", "Me"},
    {"nonspacingmark", "Mn"},
    {"number", "N"},
    {"decimalnumber", "Nd"},
    {"letternumber", "Nl"},
    {"othernumber", "No"},
    {"punctuation", "P"},
    {"connectorpunctuation", "Pc"},
    {"dashpunctuation", "Pd"},
    {"closepunctuation", "Pe"},
    {"finalpunctuation", "Pf"},
    {"initialpunctuation", "Pi"},
    {"otherpunctuation", "Po"},
    {"openpunctuation", "Ps"},
    {"symbol", "S"},
    {"currencysymbol", "Sc"},
    {"modifiersymbol", "Sk"},
    {"mathsymbol", "Sm"},
    {"othersymbol", "So"},
    {"separator", "Z"},
    {"lineseparator", "Zl"},
    {"paragraphseparator", "Zp"},
    {"spaceseparator", "Zs"},
};

constexpr std::string_view shortCategories[] = {
    "C",  "Cc", "Cf", "Cn", "Co", "Cs", "L",  "Ll", "Lm", "Lo", "Lt", "Lu", "M",  "Mc", "Me", "Mn", "N",  "Nd", "Nl",
    "No", "P",  "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "S",  "Sc", "Sk", "Sm", "So", "Z",  "Zl", "Zp", "Zs",
};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string folded(std::string_view name) {
  std::string out;
  for (char c : name)
    if (c != ' ' && c != '-' && c != '_')
      out += lower(c);
  return out;
}

bool compiles(const std::string &pattern) {
  int error = 0;
  PCRE2_SIZE at = 0;
  pcre2_code *code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), PCRE2_UTF | PCRE2_UCP,
                                   &error, &at, nullptr);
  pcre2_code_free(code);
  return code != nullptr;
}

std::optional<std::string> lookUp(const Name *begin, const Name *end, const std::string &name) {
  const Name *found = std::find_if(begin, end, [&](const Name &entry) { return entry.name == name; });
  if (found == end)
    return std::nullopt;
  return std::string(found->members);
}

} // namespace

std::optional<std::string> posixMembers(std::string_view name) {
  return lookUp(std::begin(posixNames), std::end(posixNames), std::string(name));
}

std::string wordMembers(bool inClass) {
  std::string members = *posixMembers("word");
  // By itself a word character is looked up in a table of Latin-1 that has the superscripts and fractions too.
  return inClass ? members : members + "\\x{B2}\\x{B3}\\x{B9}\\x{BC}-\\x{BE}";
}

std::optional<std::string> propertyMembers(std::string_view name, bool inClass) {
  std::string key = folded(name);
  // PCRE2 reads letters, digits and its own marks; everything else could end the braces.
  if (key.empty() || key.size() > 64 ||
      !std::all_of(key.begin(), key.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }))
    return std::nullopt;
  if (key == "any")
    return "\\x{00}-\\x{10FFFF}";
  if (key == "punct") // without the symbols that [[:punct:]] has
    return "\\p{P}";
  if (key == "word")
    return wordMembers(inClass);
  if (std::optional<std::string> members = lookUp(std::begin(posixNames), std::end(posixNames), key))
    return members;
  for (std::string_view category : shortCategories)
    if (folded(category) == key)
      return "\\p{" + std::string(category) + "}";
  if (std::optional<std::string> category = lookUp(std::begin(longCategories), std::end(longCategories), key))
    return "\\p{" + *category + "}";
  // A script first: without "sc:" PCRE2 would take its script extensions. Then the boolean properties.
  for (std::string property : {"\\p{sc:" + key + "}", "\\p{" + key + "}"})
    if (compiles(property))
      return property;
  return std::nullopt;
}

} // namespace tenon::text
