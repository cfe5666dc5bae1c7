#pragma once
#include <string>

namespace loa::tests {

/// The certificate of an authority named "Loa CA 7f3a9c21", as a key set lists it; nobody kept its key.
inline const std::string kSampleAuthority =
    "MIIBnjCCAUSgAwIBAgIUQwa8ZHVnYHhn8ootPtodeCWZlVswCgYIKoZIzj0EAwIwGjEYMBYGA1UEAwwPTG9hIENBIDdmM2E5"
    "YzIxMCAXDTI2MTEyNzE4MjQyMloYDzIwNTYxMTE5MTgyNDIyWjAaMRgwFgYDVQQDDA9Mb2EgQ0EgN2YzYTljMjEwWTATBgcq"
    "hkjOPQIBBggqhkjOPQMBBwNCAAQ1DJxUUpXI8BtQFFg977Ctfr1zZo1rzIEn-MfPN__MlYRrYQfnqJ4V5tN9pmpATGMIqhk3"
    "Pnp-tP0JfxVWFcYdo2YwZDAdBgNVHQ4EFgQUljWLNxCIHGu8UGjQCBf3G6uR5OkwHwYDVR0jBBgwFoAUljWLNxCIHGu8UGjQ"
    "CBf3G6uR5OkwEgYDVR0TAQH_BAgwBgEB_wIBADAOBgNVHQ8BAf8EBAMCAQYwCgYIKoZIzj0EAwIDSAAwRQIgXrCWD-7SxNlN"
    "5Z98t6Ww_74jrXiskxU0fEKiUyy0gnYCIQC14haX_949iYVy6Ocp4_KBGYpEH_L6EQGndUVgK7wrbQ";

}  // namespace loa::tests
