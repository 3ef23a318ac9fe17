#include "runtime/text/PreTokenizers.h"

#include "runtime/text/ByteAlphabet.h"
#include "runtime/text/JsonFields.h"
#include "runtime/text/Kinds.h"
#include "runtime/text/Metaspace.h"
#include "runtime/text/Pattern.h"
#include "runtime/text/SplitBehavior.h"
#include "runtime/text/Unicode.h"

#include <algorithm>
#include <optional>

namespace tenon::text {

namespace {

using Parsed = Result<std::unique_ptr<PreTokenizer>>;

// {"type": "Sequence", "pretokenizers": [...]}: one after the other.
class SequencePreTokenizer : public PreTokenizer {
public:
  static Parsed parse(const JsonValue &node) {
    auto sequence = std::make_unique<SequencePreTokenizer>();
    TENON_ASSIGN(JsonElements items, elementsAt(node, "pretokenizers"));
    for (JsonValue item : items) {
      TENON_ASSIGN(std::unique_ptr<PreTokenizer> preTokenizer, parsePreTokenizer(item));
      sequence->preTokenizers_.push_back(std::move(preTokenizer));
    }
    return std::unique_ptr<PreTokenizer>(std::move(sequence));
  }
  Status apply(SplitText &text) const override {
    for (const std::unique_ptr<PreTokenizer> &preTokenizer : preTokenizers_)
      TENON_TRY(preTokenizer->apply(text));
    return Status::ok();
  }
  double growth() const override {
    double product = 1;
    for (const std::unique_ptr<PreTokenizer> &preTokenizer : preTokenizers_)
      product *= preTokenizer->growth();
    return product;
  }

private:
  std::vector<std::unique_ptr<PreTokenizer>> preTokenizers_;
};

// {"type": "Split", "pattern": ..., "behavior": ..., "invert": ...}
class SplitPreTokenizer : public PreTokenizer {
public:
  static Parsed parse(const JsonValue &node) {
    TENON_ASSIGN(JsonValue patternNode, node.member("pattern"));
    TENON_ASSIGN(Pattern pattern, Pattern::parse(patternNode));
    TENON_ASSIGN(JsonValue behaviorNode, node.member("behavior"));
    TENON_ASSIGN(SplitBehavior behavior, parseSplitBehavior(behaviorNode));
    TENON_ASSIGN(bool invert, booleanAt(node, "invert"));
    return std::unique_ptr<PreTokenizer>(std::make_unique<SplitPreTokenizer>(std::move(pattern), behavior, invert));
  }
  SplitPreTokenizer(Pattern pattern, SplitBehavior behavior, bool invert)
      : pattern_(std::move(pattern)), behavior_(behavior), invert_(invert) {}

  Status apply(SplitText &text) const override {
    std::vector<Match> matches;
    return text.split([&](std::string_view piece, std::vector<Cut> &out) -> Status {
      TENON_TRY(pattern_.cut(piece, matches));
      if (invert_)
        for (Match &match : matches)
          match.isMatch = !match.isMatch;
      cutByMatches(matches, behavior_, out);
      return Status::ok();
    });
  }

private:
  Pattern pattern_;
  SplitBehavior behavior_;
  bool invert_;
};

// {"type": "ByteLevel", "add_prefix_space": ..., "use_regex": ...}: GPT-2's words, written in the alphabet of bytes.
class ByteLevelPreTokenizer : public PreTokenizer {
public:
  static Parsed parse(const JsonValue &node) {
    auto preTokenizer = std::make_unique<ByteLevelPreTokenizer>();
    TENON_ASSIGN(preTokenizer->addPrefixSpace_, booleanAt(node, "add_prefix_space"));
    TENON_ASSIGN(bool useRegex, booleanOr(node, "use_regex", true));
    if (useRegex) {
      TENON_ASSIGN(Pattern words, Pattern::fromRegex(gpt2Words));
      preTokenizer->words_ = std::move(words);
    }
    return std::unique_ptr<PreTokenizer>(std::move(preTokenizer));
  }

  Status apply(SplitText &text) const override {
    if (addPrefixSpace_)
      TENON_TRY(text.rewrite([](const Piece &, NormalText &piece) {
        if (!piece.text.starts_with(' '))
          prepend(piece, " ");
        return Status::ok();
      }));
    if (words_) {
      std::vector<Match> matches;
      TENON_TRY(text.split([&](std::string_view piece, std::vector<Cut> &out) -> Status {
        TENON_TRY(words_->cut(piece, matches));
        cutByMatches(matches, SplitBehavior::Isolated, out);
        return Status::ok();
      }));
    }
    std::string bytes;
    return text.rewrite([&](const Piece &, NormalText &piece) {
      bytes.swap(piece.text);
      piece.text.clear();
      size_t origin = 0;
      for (size_t i = 0; i < bytes.size(); ++i) {
        piece.text += byteCharacter(static_cast<unsigned char>(bytes[i]));
        if (i < piece.origin)
          origin = piece.text.size();
      }
      piece.origin = origin;
      return Status::ok();
    });
  }

  double growth() const override { return 4; } // two bytes for every one, and a space

private:
  // How GPT-2 cuts words; the file format names it by "use_regex" alone.
  static constexpr std::string_view gpt2Words =
      R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

  bool addPrefixSpace_ = false;
  std::optional<Pattern> words_;
};

// {"type": "Metaspace", "replacement": "▁", "prepend_scheme": ..., "split": ...}: spaces become visible, words begin
// with one.
class MetaspacePreTokenizer : public PreTokenizer {
public:
  static Parsed parse(const JsonValue &node) {
    TENON_ASSIGN(MetaspaceOptions options, MetaspaceOptions::parse(node));
    return std::unique_ptr<PreTokenizer>(std::make_unique<MetaspacePreTokenizer>(std::move(options)));
  }
  explicit MetaspacePreTokenizer(MetaspaceOptions options) : options_(std::move(options)) {}

  Status apply(SplitText &text) const override {
    TENON_TRY(text.rewrite([&](const Piece &piece, NormalText &normal) {
      replaceSpaces(normal);
      bool wanted =
          options_.scheme == PrependScheme::Always || (options_.scheme == PrependScheme::First && piece.startsInput);
      if (wanted && !normal.text.starts_with(options_.replacement))
        prepend(normal, options_.replacement);
      return Status::ok();
    }));
    if (!options_.split)
      return Status::ok();
    std::string_view mark = options_.replacement;
    return text.split([&](std::string_view piece, std::vector<Cut> &out) {
      for (size_t begin = 0; begin < piece.size();) { // a cut before every mark
        size_t end = std::min(piece.find(mark, begin + 1), piece.size());
        out.push_back({begin, end});
        begin = end;
      }
      return Status::ok();
    });
  }

  double growth() const override { return 2 * static_cast<double>(options_.replacement.size()); }

private:
  void replaceSpaces(NormalText &normal) const {
    std::string out;
    size_t origin = 0;
    for (size_t i = 0; i < normal.text.size(); ++i) {
      if (normal.text[i] == ' ')
        out += options_.replacement;
      else
        out += normal.text[i];
      if (i < normal.origin)
        origin = out.size();
    }
    normal = {std::move(out), origin};
  }

  MetaspaceOptions options_;
};

// {"type": "Digits", "individual_digits": ...}: numbers apart from everything else, as a whole or digit by digit.
class DigitsPreTokenizer : public PreTokenizer {
public:
  static Parsed parse(const JsonValue &node) {
    auto preTokenizer = std::make_unique<DigitsPreTokenizer>();
    TENON_ASSIGN(preTokenizer->individual_, booleanAt(node, "individual_digits"));
    return std::unique_ptr<PreTokenizer>(std::move(preTokenizer));
  }
  Status apply(SplitText &text) const override {
    return text.split([&](std::string_view piece, std::vector<Cut> &out) {
      bool previousNumeric = false;
      for (size_t at = 0; at < piece.size();) {
        Character character = characterAt(piece, at);
        bool numeric = isNumeric(character.code);
        if (out.empty() || numeric != previousNumeric || (numeric && individual_))
          out.push_back({at, at});
        at += character.length;
        out.back().end = at;
        previousNumeric = numeric;
      }
      return Status::ok();
    });
  }

private:
  bool individual_ = false;
};

constexpr Kind<Parsed> kinds[] = {
    {"Sequence", SequencePreTokenizer::parse},   {"Split", SplitPreTokenizer::parse},
    {"ByteLevel", ByteLevelPreTokenizer::parse}, {"Metaspace", MetaspacePreTokenizer::parse},
    {"Digits", DigitsPreTokenizer::parse},
};

} // namespace

Result<std::unique_ptr<PreTokenizer>> parsePreTokenizer(const JsonValue &node) {
  return parseKind(node, "pre-tokenizer", kinds);
}

} // namespace tenon::text
