#include "runtime/text/Normalizers.h"

#include "runtime/text/JsonFields.h"
#include "runtime/text/Kinds.h"
#include "runtime/text/NormalForm.h"
#include "runtime/text/Pattern.h"
#include "runtime/text/Unicode.h"

#include <algorithm>

namespace tenon::text {

namespace {

using Parsed = Result<std::unique_ptr<Normalizer>>;

// {"type": "Sequence", "normalizers": [...]}: one after the other.
class SequenceNormalizer : public Normalizer {
public:
  static Parsed parse(const JsonValue &node) {
    auto sequence = std::make_unique<SequenceNormalizer>();
    TENON_ASSIGN(JsonElements items, elementsAt(node, "normalizers"));
    for (JsonValue item : items) {
      TENON_ASSIGN(std::unique_ptr<Normalizer> normalizer, parseNormalizer(item));
      sequence->normalizers_.push_back(std::move(normalizer));
    }
    return std::unique_ptr<Normalizer>(std::move(sequence));
  }
  Status apply(NormalText &text) const override {
    for (const std::unique_ptr<Normalizer> &normalizer : normalizers_)
      TENON_TRY(normalizer->apply(text));
    return Status::ok();
  }
  double growth() const override {
    double product = 1;
    for (const std::unique_ptr<Normalizer> &normalizer : normalizers_)
      product *= normalizer->growth();
    return product;
  }

private:
  std::vector<std::unique_ptr<Normalizer>> normalizers_;
};

// {"type": "Prepend", "prepend": text}: puts text before what is not empty.
class PrependNormalizer : public Normalizer {
public:
  static Parsed parse(const JsonValue &node) {
    auto normalizer = std::make_unique<PrependNormalizer>();
    TENON_ASSIGN(normalizer->prefix_, stringAt(node, "prepend"));
    return std::unique_ptr<Normalizer>(std::move(normalizer));
  }
  Status apply(NormalText &text) const override {
    prepend(text, prefix_);
    return Status::ok();
  }
  double growth() const override { return 1 + static_cast<double>(prefix_.size()); }

private:
  std::string prefix_;
};

// {"type": "Replace", "pattern": ..., "content": text}: every match becomes the content.
class ReplaceNormalizer : public Normalizer {
public:
  static Parsed parse(const JsonValue &node) {
    TENON_ASSIGN(JsonValue patternNode, node.member("pattern"));
    TENON_ASSIGN(Pattern pattern, Pattern::parse(patternNode));
    TENON_ASSIGN(std::string_view content, stringAt(node, "content"));
    return std::unique_ptr<Normalizer>(std::make_unique<ReplaceNormalizer>(std::move(pattern), content));
  }
  ReplaceNormalizer(Pattern pattern, std::string_view content) : pattern_(std::move(pattern)), content_(content) {}

  Status apply(NormalText &text) const override {
    if (text.text.empty())
      return Status::ok();
    std::vector<Match> matches;
    TENON_TRY(pattern_.cut(text.text, matches));
    NormalText out;
    for (const Match &match : matches) {
      // The content belongs to the last character that it replaces.
      bool ofOrigin = match.isMatch ? match.end == 0 || match.end <= text.origin : match.begin < text.origin;
      if (match.isMatch)
        out.text += content_;
      else
        out.text.append(text.text, match.begin, match.end - match.begin);
      if (ofOrigin)
        out.origin =
            match.isMatch || match.end <= text.origin ? out.text.size() : out.text.size() - (match.end - text.origin);
    }
    text = std::move(out);
    return Status::ok();
  }
  double growth() const override { return pattern_.growthBy(content_); }

private:
  Pattern pattern_;
  std::string content_;
};

// {"type": "NFC"} and its sisters.
template <NormalForm form> class FormNormalizer : public Normalizer {
public:
  static Parsed parse(const JsonValue &) { return std::unique_ptr<Normalizer>(std::make_unique<FormNormalizer>()); }
  Status apply(NormalText &text) const override {
    if (!normalize(text, form))
      return Status(Code::Resource,
                    "out of memory while normalizing " + std::to_string(text.text.size()) + " bytes of text");
    return Status::ok();
  }
  double growth() const override { return 18; } // the longest decomposition has as many characters
};

// {"type": "Lowercase"}: character by character, without rules that look at neighbours.
class LowercaseNormalizer : public Normalizer {
public:
  static Parsed parse(const JsonValue &) {
    return std::unique_ptr<Normalizer>(std::make_unique<LowercaseNormalizer>());
  }
  Status apply(NormalText &text) const override {
    NormalText out;
    out.text.reserve(text.text.size());
    for (size_t at = 0; at < text.text.size();) {
      Character character = characterAt(text.text, at);
      at += character.length;
      appendLowercase(out.text, character.code);
      if (at <= text.origin)
        out.origin = out.text.size();
    }
    text = std::move(out);
    return Status::ok();
  }
  double growth() const override { return 3; }
};

// {"type": "Strip", "strip_left": ..., "strip_right": ...}: white space at the ends.
class StripNormalizer : public Normalizer {
public:
  static Parsed parse(const JsonValue &node) {
    auto normalizer = std::make_unique<StripNormalizer>();
    TENON_ASSIGN(normalizer->left_, booleanAt(node, "strip_left"));
    TENON_ASSIGN(normalizer->right_, booleanAt(node, "strip_right"));
    return std::unique_ptr<Normalizer>(std::move(normalizer));
  }
  Status apply(NormalText &text) const override {
    size_t begin = 0, end = text.text.size();
    while (left_ && begin < end) {
      Character character = characterAt(text.text, begin);
      if (!isWhitespace(character.code))
        break;
      begin += character.length;
    }
    while (right_ && end > begin) {
      Character character = characterBefore(std::string_view(text.text), end);
      if (!isWhitespace(character.code))
        break;
      end -= character.length;
    }
    text.origin = std::min(text.origin, end) - std::min(text.origin, begin);
    text.text = text.text.substr(begin, end - begin);
    return Status::ok();
  }

private:
  bool left_ = true;
  bool right_ = true;
};

constexpr Kind<Parsed> kinds[] = {
    {"Sequence", SequenceNormalizer::parse},
    {"Prepend", PrependNormalizer::parse},
    {"Replace", ReplaceNormalizer::parse},
    {"NFC", FormNormalizer<NormalForm::Composed>::parse},
    {"NFD", FormNormalizer<NormalForm::Decomposed>::parse},
    {"NFKC", FormNormalizer<NormalForm::CompatibilityComposed>::parse},
    {"NFKD", FormNormalizer<NormalForm::CompatibilityDecomposed>::parse},
    {"Lowercase", LowercaseNormalizer::parse},
    {"Strip", StripNormalizer::parse},
};

} // namespace

Result<std::unique_ptr<Normalizer>> parseNormalizer(const JsonValue &node) {
  return parseKind(node, "normalizer", kinds);
}

} // namespace tenon::text
