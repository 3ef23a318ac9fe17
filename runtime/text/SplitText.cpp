#include "runtime/text/SplitText.h"

#include "runtime/text/Unicode.h"

#include <algorithm>

namespace tenon::text {

SplitText::SplitText(std::string_view input) : buffer_(input) {
  if (input.empty())
    return;
  Piece whole;
  whole.end = input.size();
  whole.startsInput = true;
  whole.origin = utf8Length(input[0]);
  pieces_.push_back(whole);
}

Piece partOf(const Piece &piece, const Cut &cut) {
  Piece part;
  part.begin = piece.begin + cut.begin;
  part.end = piece.begin + cut.end;
  part.token = cut.token;
  part.startsInput = piece.startsInput && cut.begin < piece.origin;
  // Once a piece does not start the input, none of its parts does, and their origin is never asked for.
  if (part.startsInput)
    part.origin = std::min(piece.origin, cut.end) - cut.begin;
  return part;
}

void prepend(NormalText &to, std::string_view text) {
  if (to.text.empty())
    return;
  if (to.origin > 0)
    to.origin += text.size();
  to.text.insert(0, text);
}

} // namespace tenon::text
