// The text on its way to tokens: a buffer and the pieces that it is cut into.
//
// Added tokens cut pieces out that are tokens already; normalizers and pre-tokenizers change and cut the others. A
// piece also carries what little of its origin anything asks for: whether it begins where the input begins (Metaspace's
// "first"). Threads: one thread each.
#pragma once

#include "runtime/base/Status.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::text {

// Text with the number of bytes at its front that stem from the first character of what it was cut from.
struct NormalText {
  std::string text;
  size_t origin = 0;
};

struct Piece {
  size_t begin = 0; // into the buffer
  size_t end = 0;
  int32_t token = -1;       // the id when the piece is a token already
  bool startsInput = false; // whether it begins at the input's first byte
  size_t origin = 0;        // how many of its leading bytes stem from the first character there
};

struct Cut {
  size_t begin; // relative to the piece
  size_t end;
  int32_t token = -1;
};

class SplitText {
public:
  // One piece that is the whole input. `input` is valid UTF-8.
  explicit SplitText(std::string_view input);

  const std::vector<Piece> &pieces() const { return pieces_; }
  std::string_view view(const Piece &piece) const {
    return std::string_view(buffer_).substr(piece.begin, piece.end - piece.begin);
  }

  // Cuts every piece that is not a token: `cut` appends the parts of the text it is given; empty ones are dropped.
  template <typename CutPiece> Status split(CutPiece cut);
  // Rewrites every piece that is not a token.
  template <typename RewritePiece> Status rewrite(RewritePiece rewrite);

private:
  std::string buffer_;
  std::vector<Piece> pieces_;
};

// The part of a piece, given relative to the piece, as a piece of its own.
Piece partOf(const Piece &piece, const Cut &cut);

// `cut(std::string_view, std::vector<Cut> &) -> Status`
template <typename CutPiece> Status SplitText::split(CutPiece cut) {
  std::vector<Piece> pieces;
  std::vector<Cut> cuts;
  pieces.reserve(pieces_.size());
  for (const Piece &piece : pieces_) {
    if (piece.token >= 0) {
      pieces.push_back(piece);
      continue;
    }
    cuts.clear();
    TENON_TRY(cut(view(piece), cuts));
    for (const Cut &part : cuts)
      if (part.begin < part.end)
        pieces.push_back(partOf(piece, part));
  }
  pieces_ = std::move(pieces);
  return Status::ok();
}

// `rewrite(const Piece &, NormalText &) -> Status`
template <typename RewritePiece> Status SplitText::rewrite(RewritePiece rewrite) {
  std::string buffer;
  buffer.reserve(buffer_.size() + buffer_.size() / 4);
  NormalText text;
  for (Piece &piece : pieces_) {
    if (piece.token >= 0) { // its text is never asked for again
      piece.begin = piece.end = buffer.size();
      continue;
    }
    text.text.assign(view(piece));
    text.origin = piece.origin;
    TENON_TRY(rewrite(static_cast<const Piece &>(piece), text));
    piece.begin = buffer.size();
    buffer += text.text;
    piece.end = buffer.size();
    piece.origin = text.origin;
  }
  buffer_ = std::move(buffer);
  return Status::ok();
}

// Puts `text` before `to`; it counts as part of the first character.
void prepend(NormalText &to, std::string_view text);

} // namespace tenon::text
