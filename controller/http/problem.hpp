#pragma once
#include <string>
#include <vector>

#include "controller/http/message.hpp"

namespace loa::http {

/// One fault among several: a JSON pointer into the request and one sentence; `code` may be empty.
struct ProblemPart {
  std::string pointer;
  std::string detail;
  std::string code;
};

/// Why a request was refused, as `application/problem+json` (RFC 9457) says it; `code` is stable, `detail` one English sentence.
struct Problem {
  unsigned status = 400;
  std::string code;
  std::string detail;
  std::vector<ProblemPart> errors;
};

Response problem_response(const Problem& problem);

}  // namespace loa::http
