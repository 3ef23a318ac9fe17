#include "runtime/text/AddedTokens.h"

#include "runtime/text/JsonFields.h"
#include "runtime/text/Unicode.h"

namespace tenon::text {

static std::string idText(int64_t id) { return "id " + std::to_string(id); }

Status AddedTokens::parse(const JsonValue &node, const Normalizer *normalizer, Vocabulary &vocabulary) {
  TENON_ASSIGN(JsonElements items, node.asArray());
  std::vector<LongestMatcher::Entry> plain, normalized;
  // New tokens follow the model's, as the reference numbers them whatever the file says.
  int64_t next = static_cast<int64_t>(vocabulary.size());
  for (JsonValue item : items) {
    TENON_ASSIGN(JsonValue idNode, item.member("id"));
    TENON_ASSIGN(int64_t id, idNode.integer());
    TENON_ASSIGN(JsonValue contentNode, item.member("content"));
    TENON_ASSIGN(std::string_view content, contentNode.string());
    Token token;
    TENON_ASSIGN(token.singleWord, booleanAt(item, "single_word"));
    TENON_ASSIGN(token.stripLeft, booleanAt(item, "lstrip"));
    TENON_ASSIGN(token.stripRight, booleanAt(item, "rstrip"));
    TENON_ASSIGN(token.normalized, booleanAt(item, "normalized"));
    TENON_ASSIGN(token.special, booleanAt(item, "special"));
    if (content.empty())
      return invalidAt(contentNode, "the text of an added token", "none");
    if (content.size() > longestAddedToken)
      return contentNode.error("an added token of " + std::to_string(content.size()) + " bytes; at most " +
                                   std::to_string(longestAddedToken) + " are supported",
                               Code::Unsupported);
    int32_t known = vocabulary.find(content);
    int64_t expected = known >= 0 ? known : next;
    if (id != expected)
      return invalidAt(idNode,
                       idText(expected) + " for " + quoteForMessage(content) +
                           (known >= 0 ? ", which the vocabulary holds" : ", the next one after the vocabulary"),
                       idText(id));
    if (known < 0) {
      if (vocabulary.insert(content, static_cast<int32_t>(id)) != Vocabulary::Inserted::Yes)
        return invalidAt(idNode, "an id of its own for " + quoteForMessage(content),
                         idText(id) + ", which is " + quoteForMessage(*vocabulary.text(static_cast<int32_t>(id))));
      ++next;
    }
    auto [place, isNew] = tokens_.emplace(static_cast<int32_t>(id), token);
    if (!isNew) {
      if (!(place->second == token))
        return invalidAt(item, "one description of " + quoteForMessage(content), "two that differ");
      continue;
    }
    if (!token.normalized) {
      plain.push_back({std::string(content), static_cast<int32_t>(id)});
      continue;
    }
    NormalText text{std::string(content), 0};
    if (normalizer)
      TENON_TRY(normalizer->apply(text));
    if (text.text.empty()) // nothing to look for; the token keeps its id
      continue;
    normalized.push_back({std::move(text.text), static_cast<int32_t>(id)});
  }
  plain_ = LongestMatcher(std::move(plain));
  normalized_ = LongestMatcher(std::move(normalized));
  if (const LongestMatcher::Entry *entry = normalized_.repeated())
    return invalidAt(node, "added tokens that differ after normalization", quoteForMessage(entry->text) + " twice");
  return Status::ok();
}

bool AddedTokens::isSpecial(int32_t id) const {
  auto found = tokens_.find(id);
  return found != tokens_.end() && found->second.special;
}

void AddedTokens::cut(std::string_view text, const LongestMatcher &matcher, bool parseSpecial,
                      std::vector<Cut> &out) const {
  size_t done = 0;                  // where the last token's piece ended
  size_t from = 0;                  // where the search goes on: behind a match, whether or not it became a token
  size_t spaces = 0, spacesEnd = 0; // the white space that was last walked over to the right
  while (std::optional<LongestMatcher::Found> found = matcher.find(text, from)) {
    from = found->end;
    size_t begin = found->begin, end = found->end;
    const Token &token = tokens_.find(found->id)->second;
    if (token.special && !parseSpecial)
      continue;
    if (token.singleWord) {
      bool wordBefore = begin > 0 && isWordCharacter(characterBefore(text, begin).code);
      bool wordAfter = end < text.size() && isWordCharacter(characterAt(text, end).code);
      if (wordBefore || wordAfter)
        continue;
    }
    // White space around the token goes with it, unless the token before has taken it.
    if (token.stripLeft) {
      while (begin > done) {
        Character character = characterBefore(text, begin);
        if (!isWhitespace(character.code))
          break;
        begin -= character.length;
      }
      begin = std::max(begin, done);
    }
    if (token.stripRight) {
      size_t start = end;
      if (end >= spaces && end < spacesEnd)
        end = spacesEnd; // tokens of white space may lie within what the last one took
      while (end < text.size()) {
        Character character = characterAt(text, end);
        if (!isWhitespace(character.code))
          break;
        end += character.length;
      }
      spaces = start;
      spacesEnd = end;
    }
    if (done < begin)
      out.push_back({done, begin});
    out.push_back({begin, end, found->id});
    done = end;
  }
  if (done < text.size())
    out.push_back({done, text.size()});
}

Status AddedTokens::extract(SplitText &text, const Normalizer *normalizer, bool parseSpecial) const {
  TENON_TRY(text.split([&](std::string_view piece, std::vector<Cut> &out) {
    cut(piece, plain_, parseSpecial, out);
    return Status::ok();
  }));
  if (normalizer)
    TENON_TRY(text.rewrite([&](const Piece &, NormalText &normal) { return normalizer->apply(normal); }));
  return text.split([&](std::string_view piece, std::vector<Cut> &out) {
    cut(piece, normalized_, parseSpecial, out);
    return Status::ok();
  });
}

} // namespace tenon::text
