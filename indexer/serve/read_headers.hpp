// Headers that change what a read answers. Pure.
#pragma once

#include "serve/request.hpp"

namespace daas {

/// Applies Prefer, Accept, Accept-Profile, Range and Daas-Min-Position, after the parameters.
/// @throws Refusal 400, 406, 416
void apply_headers(ApiRequest& request, const ReadHeaders& headers);

}  // namespace daas
