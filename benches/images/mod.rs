//! The image services beside nginx on the same bytes and beside `IIPImage`, and under crawlers.

mod client;
mod crawl;
mod ingest;
mod measure;
pub mod origin;
mod paced;
mod peers;
pub mod photo;
mod requests;
mod scene;
mod viewers;

use std::path::Path;

use crate::Failure;
use crate::load::ask;
use crate::sheet::Sheet;
use crate::stage::log;

pub use crawl::crawl;
pub use ingest::tiles_beside;
use measure::{Contender, Figures, cpu_ratio, measure, rate_ratio, single};
use peers::Peer;
use requests::{PHOTO, Part, Tile, all_tiles, draw_parts, draw_tiles, files, iip, own};
use scene::Scene;

/// The file of the photograph that is measured.
const FILE: &str = "photo.jpg";

/// Answers of which each is made anew, and takes long.
const SINGLES: usize = 5;

/// Bytes of memory, in MB.
const MB: f64 = 1e6;

/// The servers that are compared with the service, where they are installed.
struct Peers {
    nginx: Option<Peer>,
    iip: Option<Peer>,
    /// Their folder, which is removed after them.
    folder: tempfile::TempDir,
}

/// Draws the photograph into the folder that the origin serves.
fn draw(scene: &Scene) -> Result<std::path::PathBuf, Failure> {
    let photo = scene.data.path().join("photos").join(FILE);
    photo::draw(PHOTO.0, PHOTO.1, &photo)?;
    let length = photo.metadata()?.len();
    log(&format!("a photograph of {} x {} pixels, {} MB", PHOTO.0, PHOTO.1, length / 1_000_000));
    Ok(photo)
}

/// Measures what is served of one photograph of 75 megapixels.
pub fn images(sheet: &mut Sheet) -> Result<(), Failure> {
    // Without a cap nothing is stored of the whole image but thumbnails.
    let uncapped = [("HYDRIA_MAX_WIDTH", "0")];
    let mut scene = Scene::set(&uncapped)?;
    let photo = draw(&scene)?;
    scene.register("bare", FILE)?;
    scene.copy("bare", 2 * u32::try_from(SINGLES)?)?;
    let peers = Peers::start(&photo)?;
    whole(sheet, &scene, &peers, Cap::Off)?;
    scene.restart(&[])?;
    scene.register("photo", FILE)?;
    peers.fill(&scene)?;
    whole(sheet, &scene, &peers, Cap::On)?;
    tiles(sheet, &scene, &peers)?;
    free(sheet, &scene, &peers)?;
    rendition(sheet, &scene, &peers)?;
    ingest::during(sheet, &scene)
}

impl Peers {
    fn start(photo: &Path) -> Result<Self, Failure> {
        let folder = crate::stage::folder()?;
        for name in ["files", "pyramids"] {
            std::fs::create_dir(folder.path().join(name))?;
        }
        let made = peers::pyramid(photo, &folder.path().join("pyramids/photo.tif"))?;
        let iip = if made { peers::iipimage(folder.path())? } else { None };
        Ok(Self { nginx: peers::nginx(folder.path())?, iip, folder })
    }

    /// Writes the bytes of the service into files, under the names that nginx is asked for.
    fn fill(&self, scene: &Scene) -> Result<(), Failure> {
        let save = |rest: &str, name: &str| -> Result<(), Failure> {
            let answer =
                ask(scene.address, "GET", &format!("/iiif-img/2/1/photo/{rest}"), None, "")?;
            match answer.status {
                200 => {
                    Ok(std::fs::write(self.folder.path().join("files").join(name), answer.body)?)
                }
                status => Err(format!("{rest}: {status}").into()),
            }
        };
        for tile in all_tiles() {
            save(&tile.part().rest(), &tile.file())?;
        }
        save(THUMBNAIL, "thumbnail.jpg")?;
        save(WHOLE, "whole.jpg")
    }

    /// Returns the servers that are there, ours first, each with its requests of a round.
    fn beside<'a>(
        &'a self,
        scene: &'a Scene,
        own: &'a dyn Fn(u64) -> Vec<Vec<u8>>,
        nginx: Option<&'a dyn Fn(u64) -> Vec<Vec<u8>>>,
        iip: Option<&'a dyn Fn(u64) -> Vec<Vec<u8>>>,
    ) -> Vec<Contender<'a>> {
        let (address, roots) = (scene.address, scene.roots.as_slice());
        let mut all = vec![Contender { name: "Hydria", address, roots, requests: own }];
        let others = [("nginx, the same bytes", &self.nginx, nginx), ("IIPImage", &self.iip, iip)];
        for (name, peer, requests) in others {
            if let Some((peer, requests)) = peer.as_ref().zip(requests) {
                let (address, roots) = (peer.address, peer.roots.as_slice());
                all.push(Contender { name, address, roots, requests });
            }
        }
        all
    }

    /// Returns the figures of the service, of nginx and of `IIPImage` among those of all that were measured.
    fn sorted(&self, figures: Vec<Figures>, has_nginx: bool) -> [Option<Figures>; 3] {
        let mut figures = figures.into_iter();
        let own = figures.next();
        let nginx = if has_nginx && self.nginx.is_some() { figures.next() } else { None };
        [own, nginx, figures.next()]
    }
}

const THUMBNAIL: &str = "full/!400,400/0/default.jpg";
const WHOLE: &str = "full/max/0/default.jpg";

/// The cap on the longest edge of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cap {
    On,
    Off,
}

/// Measures `full/max` where it is made when it is asked for, each time of another image.
fn whole(sheet: &mut Sheet, scene: &Scene, peers: &Peers, cap: Cap) -> Result<(), Failure> {
    let first = if cap == Cap::Off { 0 } else { SINGLES as u64 };
    let ours = move |number: u64| {
        own(&format!("bare-{}", first + number), std::iter::once(WHOLE.to_owned()))
    };
    let theirs = |_| iip(std::iter::once("full/full/0/default.jpg".to_owned()));
    let contenders = peers.beside(scene, &ours, None, Some(&theirs));
    // From here on the most is kept, and not what was taken before.
    std::fs::write(format!("/proc/{}/clear_refs", scene.id()), "5")?;
    let (title, goal) = match cap {
        Cap::Off => ("full/max of 75 megapixels without a cap", 0.75),
        Cap::On => {
            ("full/max under the cap, made when it is asked for; IIPImage without a cap", 0.3)
        }
    };
    let figures = single(title, SINGLES, &contenders)?;
    let [own, _, iip] = peers.sorted(figures, false);
    if let Some((own, iip)) = own.zip(iip) {
        sheet.at_most("CPU / IIPImage", cpu_ratio(&own, &iip), goal);
    }
    if cap == Cap::Off {
        let peak = memory(scene.id(), "VmHWM:")? / MB;
        sheet.at_most("resident memory of the service at most, MB", peak, 150.0);
    }
    Ok(())
}

/// Returns a figure about the memory of a process, in bytes.
fn memory(process: u32, name: &str) -> Result<f64, Failure> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")).ok_or("no such figure")?;
    Ok(kib.trim().parse::<f64>()? * 1024.0)
}

/// Measures aligned tiles and thumbnails, which are copies of stored bytes.
fn tiles(sheet: &mut Sheet, scene: &Scene, peers: &Peers) -> Result<(), Failure> {
    let measured = |title: &str, connections: usize, is_wanted: fn(Tile) -> bool| {
        let parts = |seed| draw_tiles(seed, is_wanted).into_iter().map(Tile::part);
        let ours = |seed| own("photo", parts(seed).map(Part::rest));
        let static_files = |seed| files(draw_tiles(seed, is_wanted).into_iter().map(Tile::file));
        let theirs = |seed| iip(parts(seed).map(Part::rest_v2));
        let contenders = peers.beside(scene, &ours, Some(&static_files), Some(&theirs));
        Ok::<_, Failure>(peers.sorted(measure(title, connections, &contenders)?, true))
    };
    for connections in [8, 32] {
        let title = "Aligned tiles, each level as likely as any other";
        let [own, nginx, iip] = measured(title, connections, |_| true)?;
        let own = own.ok_or("nothing was measured")?;
        if let Some(nginx) = nginx {
            sheet.at_most("CPU / nginx (stretch 1.5)", cpu_ratio(&own, &nginx), 2.0);
            sheet.at_least("rate / nginx", rate_ratio(&own, &nginx), 0.8);
        }
        if let Some(iip) = iip {
            sheet.at_most("CPU / IIPImage", cpu_ratio(&own, &iip), 1.0 / 40.0);
        }
    }
    let [inner, ..] = measured("Whole tiles", 8, Tile::is_whole)?;
    let [edge, ..] = measured("Tiles at the edges", 8, |tile| !tile.is_whole())?;
    let once = |rest: &str| std::iter::once(rest.to_owned());
    let ours = |_| own("photo", once(THUMBNAIL));
    let static_files = |_| files(once("thumbnail.jpg"));
    let theirs = |_| iip(once(THUMBNAIL));
    let contenders = peers.beside(scene, &ours, Some(&static_files), Some(&theirs));
    let figures = measure("full/!400,400", 8, &contenders)?;
    let [thumbnail, ..] = peers.sorted(figures, true);
    if let Some(((inner, edge), thumbnail)) = inner.zip(edge).zip(thumbnail) {
        sheet.at_most("CPU of a tile at an edge / whole", cpu_ratio(&edge, &inner), 1.2);
        sheet.at_most("CPU of a thumbnail / whole tile", cpu_ratio(&thumbnail, &inner), 1.2);
    }
    Ok(())
}

/// Measures regions that lie on no grid, which are rendered.
fn free(sheet: &mut Sheet, scene: &Scene, peers: &Peers) -> Result<(), Failure> {
    let ours = |seed| own("photo", draw_parts(seed).into_iter().map(Part::rest));
    let theirs = |seed| iip(draw_parts(seed).into_iter().map(Part::rest));
    let contenders = peers.beside(scene, &ours, None, Some(&theirs));
    let figures = measure("Any region, 200 to 800 pixels at 1 to 1/8", 8, &contenders)?;
    if let [Some(own), _, Some(iip)] = peers.sorted(figures, false) {
        sheet.at_most("CPU / IIPImage", cpu_ratio(&own, &iip), 0.7);
    }
    Ok(())
}

/// Measures `full/max` as it is stored.
fn rendition(sheet: &mut Sheet, scene: &Scene, peers: &Peers) -> Result<(), Failure> {
    let ours = |_| own("photo", std::iter::once(WHOLE.to_owned()));
    let theirs = |_| files(std::iter::once("whole.jpg".to_owned()));
    let contenders = peers.beside(scene, &ours, Some(&theirs), None);
    let figures = measure("full/max as it is stored", 8, &contenders)?;
    if let [Some(own), Some(nginx), _] = peers.sorted(figures, true) {
        sheet.at_most("CPU / nginx", cpu_ratio(&own, &nginx), 2.0);
    }
    Ok(())
}
