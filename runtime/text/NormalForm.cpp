#include "runtime/text/NormalForm.h"

#include "runtime/text/Unicode.h"

#include <algorithm>
#include <utf8proc.h>
#include <vector>

namespace tenon::text {

namespace {

using Codes = std::vector<utf8proc_int32_t>;

bool isAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

uint16_t combiningClass(utf8proc_int32_t code) {
  return static_cast<uint16_t>(utf8proc_get_property(code)->combining_class);
}

// utf8proc_map() would do all of this, but orders marks by exchanging neighbours: quadratic on a long run of them.
void orderMarks(Codes &codes) {
  struct Mark {
    uint16_t combining;
    size_t place;
    utf8proc_int32_t code;
    auto operator<=>(const Mark &) const = default; // marks of one class keep their order
  };
  std::vector<Mark> marks;
  for (size_t at = 0; at < codes.size();) {
    marks.clear();
    size_t end = at;
    for (; end < codes.size() && combiningClass(codes[end]) != 0; ++end)
      marks.push_back({combiningClass(codes[end]), end, codes[end]});
    std::sort(marks.begin(), marks.end());
    for (size_t i = 0; i < marks.size(); ++i)
      codes[at + i] = marks[i].code;
    at = end + 1;
  }
}

bool composeInPlace(Codes &codes, utf8proc_option_t options) {
  utf8proc_ssize_t length =
      utf8proc_normalize_utf32(codes.data(), static_cast<utf8proc_ssize_t>(codes.size()), options);
  if (length < 0)
    return false;
  codes.resize(static_cast<size_t>(length));
  return true;
}

} // namespace

bool normalize(NormalText &text, NormalForm form) {
  if (isAscii(text.text))
    return true;
  bool compatible = form == NormalForm::CompatibilityComposed || form == NormalForm::CompatibilityDecomposed;
  bool compose = form == NormalForm::Composed || form == NormalForm::CompatibilityComposed;
  auto options = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | (compose ? UTF8PROC_COMPOSE : UTF8PROC_DECOMPOSE) |
                                                (compatible ? UTF8PROC_COMPAT : 0));
  Codes codes;
  codes.reserve(text.text.size());
  size_t firstLength = 0; // how many codes the origin's bytes become
  for (size_t at = 0; at < text.text.size();) {
    Character character = characterAt(text.text, at);
    utf8proc_int32_t parts[32]; // the longest decomposition has 18
    int lastBoundary = 0;
    utf8proc_ssize_t count = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(character.code), parts,
                                                     sizeof parts / sizeof parts[0], options, &lastBoundary);
    if (count < 0 || count > static_cast<utf8proc_ssize_t>(sizeof parts / sizeof parts[0]))
      return false;
    codes.insert(codes.end(), parts, parts + count);
    at += character.length;
    if (at <= text.origin)
      firstLength = codes.size();
  }
  orderMarks(codes);
  // Composition takes later characters into earlier ones, so what the origin becomes on its own counts its characters.
  Codes first(codes.begin(), codes.begin() + static_cast<ptrdiff_t>(firstLength));
  if (compose && (!composeInPlace(codes, options) || !composeInPlace(first, options)))
    return false;
  std::string out;
  out.reserve(text.text.size());
  size_t origin = 0;
  for (size_t i = 0; i < codes.size(); ++i) {
    appendUtf8(out, static_cast<char32_t>(codes[i]));
    if (i < first.size())
      origin = out.size();
  }
  text.text = std::move(out);
  text.origin = origin;
  return true;
}

} // namespace tenon::text
