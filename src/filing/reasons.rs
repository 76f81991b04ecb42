//! What can be wrong with a filing beyond its files one by one.

use crate::reason;
use crate::reason::Reason;

reason! {
    /// A material that the plan of this filing asks for is not among the uploads. What is required
    /// rejects; what hangs on a condition that only the applicant knows is a warning with the condition.
    pub UPLOAD_MISSING = Error {
        en: "Not among the uploads: {slot}" => "Please upload: {why}",
        zh: "缺少材料：{slot}" => "请补充上传：{why}",
    }
}

reason! {
    /// Two uploads are one picture, also when it was saved again or resized: a 64-bit hash of the
    /// luma's lowest frequencies and the mean difference of two small copies tell. In two slots it
    /// rejects; twice in one slot a person looks, since the second may stand for another document.
    pub UPLOAD_DUPLICATE = Error {
        en: "The same picture was uploaded twice"
            => "Upload a picture of its own for each material: {slots}",
        zh: "同一张图片重复上传" => "请为每项材料分别上传对应的图片：{slots}",
    }
}

reason! {
    /// The emblem side of an identity card is in the slot of the portrait side, or the reverse. The
    /// emblem shows as red at the upper left, the portrait as skin and hair on the right.
    pub SIDES_SWAPPED = Error {
        en: "The wrong side of the identity card was uploaded"
            => "Upload each side of the card in its own place. Wrong now: {slots}",
        zh: "身份证人像面与国徽面上传错位"
            => "请将人像面和国徽面分别上传到对应位置，当前有误：{slots}",
    }
}

reason! {
    /// Both sides of an identity card are in one picture, where the provider has a slot for each.
    pub SIDES_COMBINED = Error {
        en: "Both sides of the identity card are in one picture"
            => "Photograph each side on its own and upload two pictures",
        zh: "身份证正反面在同一张图片中" => "请将身份证正反面分开拍摄，分别上传",
    }
}

reason! {
    /// The sides of an identity card come in two pictures, where the provider wants both in one.
    pub SIDES_SEPARATE = Error {
        en: "The sides of the identity card are in separate pictures"
            => "Join both sides in one picture, one below the other, and upload it as the portrait side",
        zh: "身份证正反面未合并为一张图片" => "请将正反面上下合并为一张图片，作为人像面上传",
    }
}

reason! {
    /// The two sides of an identity card lie on surfaces of different colours, which looks like two
    /// cards. Some reviewers return that; light alone changes brightness more than colour.
    pub SIDES_ON_DIFFERENT_SURFACES = Warning {
        en: "The sides of the identity card lie on different surfaces"
            => "Photograph both sides on the same surface, one after the other",
        zh: "身份证正反面的拍摄背景不一致" => "请在同一背景上依次拍摄正反面",
    }
}

reason! {
    /// The filing, or a material of it, came by a way that province or provider do not take.
    pub CHANNEL_NOT_ALLOWED = Error {
        en: "This filing cannot be made by {channel}" => "Make it another way: by {allowed}",
        zh: "此备案不能通过{channel}提交" => "请改用{allowed}提交",
    }
}

/// Every reason with the id of its check, in the order of the catalogue.
pub static REASONS: [(&Reason, &str); 7] = [
    (&UPLOAD_MISSING, "filing.missing"),
    (&UPLOAD_DUPLICATE, "filing.duplicate"),
    (&SIDES_SWAPPED, "filing.sides-swapped"),
    (&SIDES_COMBINED, "filing.sides-combined"),
    (&SIDES_SEPARATE, "filing.sides-separate"),
    (&SIDES_ON_DIFFERENT_SURFACES, "filing.surfaces"),
    (&CHANNEL_NOT_ALLOWED, "filing.channel"),
];
