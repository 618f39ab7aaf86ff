package jitkit;

import java.security.Provider;

/**
 * Digests that read direct and mapped buffers where they are, and AES-GCM as one call. Register it in code,
 * Security.insertProviderAt(new jitkit.JitkitProvider(), 1), or by a line of a security properties file.
 */
public final class JitkitProvider extends Provider {
    private static final long serialVersionUID = 1;

    public JitkitProvider() {
        super("Jitkit", "1", "Digests and AES-GCM by code that jitkit made");
        put("MessageDigest.MD5", "jitkit.JitkitDigest$MD5");
        put("MessageDigest.SHA-1", "jitkit.JitkitDigest$SHA1");
        put("Alg.Alias.MessageDigest.SHA", "SHA-1");
        put("Alg.Alias.MessageDigest.SHA1", "SHA-1");
        put("MessageDigest.SHA-256", "jitkit.JitkitDigest$SHA256");
        put("MessageDigest.SHA-384", "jitkit.JitkitDigest$SHA384");
        put("MessageDigest.SHA-512", "jitkit.JitkitDigest$SHA512");
        put("MessageDigest.SHA3-224", "jitkit.JitkitDigest$SHA3_224");
        put("MessageDigest.SHA3-256", "jitkit.JitkitDigest$SHA3_256");
        put("MessageDigest.SHA3-384", "jitkit.JitkitDigest$SHA3_384");
        put("MessageDigest.SHA3-512", "jitkit.JitkitDigest$SHA3_512");
        put("Cipher.AES/GCM/NoPadding", "jitkit.JitkitGcm");
        put("Cipher.AES/GCM/NoPadding SupportedKeyFormats", "RAW");
    }
}
